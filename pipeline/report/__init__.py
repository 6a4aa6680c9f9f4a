"""What a run gives: figures, quality of the data, timelines, and the forms in which they are kept."""
