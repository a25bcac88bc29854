"""One run over captures, whatever their source."""
