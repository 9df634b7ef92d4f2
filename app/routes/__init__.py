"""HTTP routes: thin; parse, call the analyzer, answer."""
