"""What the views show, as plain values made in worker processes from what is stored of reports."""
