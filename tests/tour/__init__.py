"""The tour: every lesson in a real browser, each step pressed, everything looked at on the way.

    playing      one lesson on one page: presses, walks from moment to moment, and says what is wrong
    visiting     one lesson at one size, in a browser of its own
    sheets       the pictures of a lesson on one sheet
    __main__     `make tour`: all of it, in both languages, at three sizes

`tests/browser/test_tour.py` plays it in a fast form.
"""
