"""Words of reports: sentences and figures that all formats share."""
