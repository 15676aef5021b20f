"""Exit handlers, finalizers, weak references and threads that never let a process end."""

SCORE = 5
SOLVED = True
CELL = """\
import atexit, gc, threading, weakref
def forever(*args):
    while True:
        pass
class Undead:
    def __del__(self):
        forever()
undead = Undead()
undead.self = undead
atexit.register(forever)
weakref.finalize(undead, forever)
threading._register_atexit(forever)
threading.Thread(target=threading.Event().wait, daemon=False).start()
"""
