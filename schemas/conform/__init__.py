"""How rows of text become typed columns of ours, or are marked with what is wrong."""
