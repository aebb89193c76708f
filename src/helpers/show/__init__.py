"""Charts, tables, controls, reports: everything that people look at. Importing it is light; matplotlib comes with the first chart."""
