"""How the command of a container goes: words.py and grammar.py read a script, player.py and shell.py play it through,
programs.py knows programs by name, and course.py says what came of it."""
