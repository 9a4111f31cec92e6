/* The CPython adapter, as doors see it. Does nothing where there is no interpreter. */
#ifndef HOLDSTILL_PYTHON_H
#define HOLDSTILL_PYTHON_H

/* A thread is about to be created, or the process to fork. */
void python_visit(void);

/* pthread_exit was called from `site`: an interpreter that ends doesn't unwind other people's frames. */
void python_thread_exits(const void *site);

#endif
