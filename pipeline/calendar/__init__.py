"""Weekly hours and zones in, business intervals in UTC out: docs/semantics.md, "Business time"."""
