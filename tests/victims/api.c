/* bare: hangs or torn; shimmed: ok */
/*
 * Every function of holdstill.h, in a program that is linked without the shim,
 * as C99 and as C++11.
 *
 *   api KIND [FORKS=50]      a name from the table below
 *   api list                 prints the names
 *
 * active, generation, torn: what is asked answers as it must, with the shim (it
 * is in LD_PRELOAD) and without.  futex-*, spin-*: a lock made here is taken for
 * short, and what it guards is whole in the child; or it is kept by another
 * thread, for ever, or by the forking one while another thread waits for it.
 * forbid: a fork waits while a thread forbids it, twice; forbid-ever: but not for
 * ever; forbid-own: the forking thread itself has forbidden it.  safepoint: a
 * thread that passes nothing else holds still while an exit handler runs.
 * Status 0: all right.
 */
#include "victim.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include "holdstill.h"

enum { THREADS = 3, ERRNO = 4711 };

static struct tally tally;
static int futex_word;                      /* 0 free, 1 taken, 2 with waiters */
static char spin_byte[2];                   /* two locks in one word */
static volatile unsigned long left, right;  /* equal, but for the middle of a change */
static volatile unsigned long turns;
static bool stop, own;
static pthread_barrier_t begun;

static int shimmed(void)
{
    const char *preloads = getenv("LD_PRELOAD");

    return preloads && strstr(preloads, "holdstill") ? 1 : 0;
}

static void change(void)
{
    left++;
    for (int i = 0; i < 20000; i++)
        right = left - 1;
    right = left;
}

static void futex(int operation, int value)
{
    syscall(SYS_futex, &futex_word, operation, value, NULL, NULL, 0);
}

static void reset_futex(void *word) { *(int *)word = 0; }

static void take_futex(void)
{
    int free = 0;

    holdstill_lock_acquired(&futex_word, reset_futex);
    if (__atomic_compare_exchange_n(&futex_word, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    while (__atomic_exchange_n(&futex_word, 2, __ATOMIC_ACQUIRE) != 0)
        futex(FUTEX_WAIT_PRIVATE, 2);
}

static void give_futex(void)
{
    if (__atomic_exchange_n(&futex_word, 0, __ATOMIC_RELEASE) == 2)
        futex(FUTEX_WAKE_PRIVATE, 1);
    holdstill_lock_released(&futex_word);
}

static bool futex_is_free(void) { return __atomic_load_n(&futex_word, __ATOMIC_RELAXED) == 0; }

static void reset_spin(void *byte) { *(char *)byte = 0; }

static void take_spin(void)
{
    holdstill_lock_acquired(&spin_byte[1], reset_spin);
    while (__atomic_exchange_n(&spin_byte[1], 1, __ATOMIC_ACQUIRE) != 0)
        sched_yield();
}

static void give_spin(void)
{
    __atomic_store_n(&spin_byte[1], 0, __ATOMIC_RELEASE);
    holdstill_lock_released(&spin_byte[1]);
}

static bool spin_is_free(void) { return __atomic_load_n(&spin_byte[1], __ATOMIC_RELAXED) == 0; }

static void forbid(void)
{
    holdstill_forbid_fork();
    holdstill_forbid_fork();
}

static void allow(void)
{
    holdstill_allow_fork();
    holdstill_allow_fork();
}

static bool always(void) { return true; }

struct way {
    void (*take)(void), (*give)(void);
    bool (*is_free)(void);
};

static const struct way by_futex = {take_futex, give_futex, futex_is_free};
static const struct way by_spin = {take_spin, give_spin, spin_is_free};
static const struct way by_forbidding = {forbid, allow, always};
static const struct way *way;

static void *take_often(void *unused)
{
    pthread_barrier_wait(&begun);
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        way->take();
        change();
        way->give();
    }
    return unused;
}

static void *keep(void *unused)
{
    way->take();
    pthread_barrier_wait(&begun);
    for (;;)
        pause();
    return unused;
}

static void *wait_once(void *unused)
{
    pthread_barrier_wait(&begun);
    way->take();
    way->give();
    return unused;
}

/* Before another one takes it, only the forking thread's own is taken. */
static int child(void *unused)
{
    bool whole = left == right;

    (void)unused;
    if (own && way->is_free() && way != &by_forbidding)
        return CHILD_WRONG;
    if (!own)
        way->take();
    whole = whole || way != &by_forbidding;
    whole = whole && left == right;
    way->give();
    way->take();
    way->give();
    return !whole ? CHILD_TORN : way->is_free() ? CHILD_OK : CHILD_WRONG;
}

static void fork_often(int forks)
{
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_fork(&tally, child, NULL);
}

static void soon(const struct way *w, int forks)
{
    pthread_t threads[THREADS];

    /* Two that forbid may be in the middle of the same change. */
    const int count = w == &by_forbidding ? 1 : THREADS;

    way = w;
    MUST(pthread_barrier_init(&begun, NULL, (unsigned)count + 1));
    for (int i = 0; i < count; i++)
        threads[i] = start(take_often, NULL);
    pthread_barrier_wait(&begun);
    fork_often(forks);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < count; i++)
        MUST(pthread_join(threads[i], NULL));
}

static void ever(const struct way *w, int forks)
{
    way = w;
    MUST(pthread_barrier_init(&begun, NULL, 2));
    start(keep, NULL);
    pthread_barrier_wait(&begun);
    fork_often(forks);
}

static void mine(const struct way *w, int forks)
{
    pthread_t waiter;

    way = w;
    own = true;
    MUST(pthread_barrier_init(&begun, NULL, 2));
    for (int i = 0; i < forks && !enough(&tally); i++) {
        waiter = start(wait_once, NULL);
        way->take();
        pthread_barrier_wait(&begun);
        try_fork(&tally, child, NULL);
        way->give();
        MUST(pthread_join(waiter, NULL));
    }
}

static void futex_soon(int forks) { soon(&by_futex, forks); }
static void futex_ever(int forks) { ever(&by_futex, forks); }
static void futex_own(int forks) { mine(&by_futex, forks); }
static void spin_soon(int forks) { soon(&by_spin, forks); }
static void spin_ever(int forks) { ever(&by_spin, forks); }
static void spin_own(int forks) { mine(&by_spin, forks); }
static void forbid_soon(int forks) { soon(&by_forbidding, forks); }
static void forbid_ever(int forks) { ever(&by_forbidding, forks); }
static void forbid_own(int forks) { mine(&by_forbidding, forks); }

static int is_active(void *unused)
{
    (void)unused;
    return holdstill_active() == shimmed() ? CHILD_OK : CHILD_WRONG;
}

/* Calls that were not announced, and the errno of all. */
static void active(int forks)
{
    expect(is_active(NULL) == CHILD_OK, "active");
    errno = ERRNO;
    take_futex();
    give_futex();
    forbid();
    allow();
    holdstill_allow_fork();
    holdstill_lock_released(&tally);
    holdstill_safepoint();
    expect(holdstill_child_torn() == 0, "nothing is torn");
    expect(holdstill_fork_generation() == 0, "the first process");
    expect(errno == ERRNO, "errno is kept");
    for (int i = 0; i < forks; i++)
        try_fork(&tally, is_active, NULL);
}

static int next_generation(void *before)
{
    unsigned now = *(unsigned *)before + (unsigned)shimmed();
    struct tally inner;

    memset(&inner, 0, sizeof inner);
    if (holdstill_fork_generation() != now)
        return CHILD_WRONG;
    if (now < 3 * (unsigned)shimmed())
        try_fork(&inner, next_generation, &now);
    return inner.wrong + inner.hung ? CHILD_WRONG : CHILD_OK;
}

static void generation(int forks)
{
    unsigned first = 0;

    for (int i = 0; i < forks; i++)
        try_fork(&tally, next_generation, &first);
    expect(holdstill_fork_generation() == 0, "its children change nothing here");
}

static int is_torn(void *expected)
{
    return holdstill_child_torn() == *(int *)expected ? CHILD_OK : CHILD_WRONG;
}

static void torn(int forks)
{
    int expected = 0;

    for (int i = 0; i < forks; i++)
        try_fork(&tally, is_torn, &expected);
    way = &by_futex;
    MUST(pthread_barrier_init(&begun, NULL, 2));
    start(keep, NULL);
    pthread_barrier_wait(&begun);
    expected = shimmed();
    for (int i = 0; i < 5; i++) /* also when it isn't awaited any more */
        try_fork(&tally, is_torn, &expected);
    expect(holdstill_child_torn() == 0, "nothing is torn in the parent");
}

static void *turn(void *unused)
{
    for (;;) {
        turns++;
        holdstill_safepoint();
    }
    return unused;
}

/* Runs on while it looks: who waits lets the others go on. */
static void look(void)
{
    unsigned long before = turns;

    for (int i = 0; i < 2000000; i++)
        if (turns != before)
            _exit(CHILD_TORN);
}

static int exit_beside_a_loop(void *unused)
{
    (void)unused;
    atexit(look);
    start_detached(turn, NULL);
    while (turns == 0)
        sched_yield();
    exit(CHILD_OK);
}

static void safepoint(int forks)
{
    for (int i = 0; i < forks; i++)
        try_fork(&tally, exit_beside_a_loop, NULL);
}

static const struct kind {
    const char *name;
    void (*run)(int forks);
} kinds[] = {
    {"active", active},           {"generation", generation}, {"torn", torn},
    {"futex-soon", futex_soon},   {"futex-ever", futex_ever}, {"futex-own", futex_own},
    {"spin-soon", spin_soon},     {"spin-ever", spin_ever},   {"spin-own", spin_own},
    {"forbid", forbid_soon},      {"forbid-ever", forbid_ever},
    {"forbid-own", forbid_own},   {"safepoint", safepoint},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

int main(int argc, char **argv)
{
    LIST_NAMES(argc, argv, kinds);
    for (int i = 0; i < KINDS; i++)
        if (argc > 1 && strcmp(argv[1], kinds[i].name) == 0) {
            kinds[i].run(argument(argc, argv, 2, 50));
            tally.wrong += *findings();
            return verdict(&tally);
        }
    return 99;
}
