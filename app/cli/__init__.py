"""`loopscope` on the command line.

    main         reads what was asked for, and asks the others
    story        what the loops do, in sentences, or as lines of JSON
    running      `run`: a lesson played to its end
    files        `export`, `replay`: rooms as files
    rooms        `rooms`: those of a data directory
    doctor       `doctor`: whether a server can run here
    completion   `completion`: for bash, zsh and fish
    progress     how far long work is, for who looks on

Exit codes: 0 it is so, 1 it is not, 2 that is no way to ask.
"""
