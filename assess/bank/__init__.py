"""What may be asked, and how is it written down? Pure: no database, no web, no clock, no dice."""
