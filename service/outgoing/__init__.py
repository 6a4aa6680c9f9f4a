"""What leaves the service by itself: delivered files and announcements."""
