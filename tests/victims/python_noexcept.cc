// For python_daemons.py, which calls it with the interpreter lock held.
#include <unistd.h>

extern "C" {
void *PyEval_SaveThread(void);
void PyEval_RestoreThread(void *);
void give_and_take(void) noexcept;
}

void give_and_take(void) noexcept
{
    for (;;) {
        void *state = PyEval_SaveThread();
        usleep(500);
        PyEval_RestoreThread(state);
    }
}
