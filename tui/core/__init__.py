"""What everything else rests on: no engine, no screen."""
