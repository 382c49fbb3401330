"""The parts of the HTML page: charts, clips to listen to, templates, style and script."""
