/* bare: hangs; shimmed: ok */
/*
 * A program begins and ends an interpreter several times. In each life threads write under a Lock and a
 * Semaphore while the main one forks, and a daemon thread outlives it; if asked for, so do threads of a
 * second interpreter, which ends before the first fork (beside a second one every fork of CPython 3.11
 * hangs in the child, bare). Each child takes the lock and the semaphore. A thread of the program's own
 * counts all the time, and has to go on between the lives.
 *
 *   python_embed [LIVES=5] [one|two|daemon]
 *
 * daemon: nobody forks, and the next life begins at once; bare, it crashes on a busy machine.
 * wrong: a life that failed, or a thread that stood still. Status 77: no libpython here.
 */
#include "victim.h"

#include <dlfcn.h>

static struct {
    void (*Py_InitializeEx)(int);
    int (*Py_FinalizeEx)(void);
    int (*PyRun_SimpleString)(const char *);
    void *(*Py_NewInterpreter)(void);
    void (*Py_EndInterpreter)(void *);
    void *(*PyThreadState_Swap)(void *);
} python;

static const char writers[] =
    "import os, signal, threading, time\n"
    "lock, semaphore, pair, stop = threading.Lock(), threading.Semaphore(1), [0, 0], []\n"
    "def write():\n"
    "    while not stop:\n"
    "        with lock, semaphore:\n"
    "            pair[0] += 1\n"
    "            time.sleep(0.0005)\n"
    "            pair[1] += 1\n"
    "threads = [threading.Thread(target=write) for _ in range(3)]\n"
    "for thread in threads:\n"
    "    thread.start()\n";

static const char forks[] =
    "import sys\n"
    "sys.path.insert(0, os.environ['sources'])\n"
    "sys.dont_write_bytecode = True\n"
    "from victim import TORN, reap\n"
    "def fork():\n"
    "    pid = os.fork()\n"
    "    if pid == 0:\n"
    "        signal.alarm(60)\n"
    "        with lock, semaphore:\n"
    "            os._exit(0 if pair[0] == pair[1] else TORN)\n"
    "    status = reap(pid, int(os.environ.get('VICTIM_LIMIT_MS', '20000')) / 1000)\n"
    "    return 'h' if status is None else {0: 'o', TORN: 't'}.get(os.waitstatus_to_exitcode(status), 'w')\n"
    "os.write(int(os.environ['VICTIM_RESULTS']), ''.join(fork() for _ in range(4)).encode())\n";

static const char end_of_writers[] =
    "stop.append(1)\n"
    "for thread in threads:\n"
    "    thread.join()\n";

static const char daemon_thread[] =
    "def work():\n"
    "    while True:\n"
    "        time.sleep(0.001)\n"
    "threading.Thread(target=work, daemon=True).start()\n";

static _Atomic long ticks;

static void *tick(void *unused)
{
    for (;;) {
        ticks++;
        usleep(1000);
    }
    return unused;
}

static int load(void)
{
    char name[32];
    void *library = NULL;
    for (int minor = 20; !library && minor >= 9; minor--) {
        snprintf(name, sizeof name, "libpython3.%d.so.1.0", minor);
        library = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
    }
#define FIND(symbol) ((python.symbol = (__typeof__(python.symbol))dlsym(library, #symbol)) != NULL)
    return library && FIND(Py_InitializeEx) && FIND(Py_FinalizeEx) && FIND(PyRun_SimpleString) &&
           FIND(Py_NewInterpreter) && FIND(Py_EndInterpreter) && FIND(PyThreadState_Swap);
#undef FIND
}

/* How many of its steps failed. */
static int live(bool two, bool forking)
{
    int failed = 0;
    python.Py_InitializeEx(0);
    failed += python.PyRun_SimpleString(writers) != 0;
    if (two) {
        void *main_state = python.PyThreadState_Swap(NULL), *second = python.Py_NewInterpreter();
        failed += !second || python.PyRun_SimpleString(writers) != 0 ||
                  python.PyRun_SimpleString(end_of_writers) != 0;
        python.Py_EndInterpreter(second);
        python.PyThreadState_Swap(main_state);
    }
    if (forking)
        failed += python.PyRun_SimpleString(forks) != 0;
    failed += python.PyRun_SimpleString(end_of_writers) != 0;
    failed += python.PyRun_SimpleString(daemon_thread) != 0;
    return failed + (python.Py_FinalizeEx() != 0);
}

static bool stands_still(void)
{
    long before = ticks;
    for (int i = 0; i < 20000 && ticks < before + 3; i++)
        usleep(1000);
    return ticks < before + 3;
}

int main(int argc, char **argv)
{
    int lives = argc > 1 ? atoi(argv[1]) : 5, ends[2], counts[128] = {0}, wrong = 0, tried = 0;
    bool two = argc > 2 && strcmp(argv[2], "two") == 0;
    bool forking = argc < 3 || strcmp(argv[2], "daemon") != 0;
    char end[16], letter;

    if (!load())
        return 77;
    if (pipe(ends))
        die("pipe");
    snprintf(end, sizeof end, "%d", ends[1]);
    setenv("VICTIM_RESULTS", end, 1);
    start(tick, NULL);
    for (int i = 0; i < lives; i++)
        wrong += live(two, forking) != 0 || (forking && stands_still());
    close(ends[1]);
    for (; read(ends[0], &letter, 1) == 1; tried++)
        counts[letter & 127]++;
    wrong += counts['w'] + (tried != (forking ? 4 * lives : 0));
    printf("hung=%d torn=%d wrong=%d of=%d\n", counts['h'], counts['t'], wrong, tried);
    return counts['h'] || counts['t'] || wrong;
}
