"""How long what is kept is kept: classes, legal holds, deletion with proof."""
