"""What surrounds the routes: every request passes through it, layer by layer."""
