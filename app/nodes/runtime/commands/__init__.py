"""How the command of a container goes: course.py plays it, grammar.py reads a script, programs.py knows programs."""
