"""What the build of this site adds to Sphinx: pages made from the code, and figures made by commands."""
