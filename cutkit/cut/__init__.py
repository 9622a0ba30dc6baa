"""From a marker to tool paths: strokes, blade, order."""
