/* bare: hangs; shimmed: ok */
/*
 * The initialiser of a function-local static runs in another thread at the
 * fork.  The child gets the object whole: either as it was finished before the
 * copy, or by running the initialiser itself.
 *
 *   guard soon|works|ever|throws [FORKS=100]
 *   guard list                  prints the names
 *
 * soon: it sleeps for 2 ms; works: it computes until the fork begins, and for
 * some more; ever: it never ends;
 * throws: it throws after 1 ms, and the thread begins again until the fork is
 * over.  Status 0: no child hung, none got half an object.
 */
#include "victim.h"

#include <stdexcept>
#include <utility>

enum { OBJECTS = 500, WORK = 200000 };

enum way { SOON, WORKS, EVER, THROWS };
static const struct {
    const char *name;
} ways[] = {{"soon"}, {"works"}, {"ever"}, {"throws"}};

static way how;
static bool in_child;
static bool begun; /* atomic: the initialiser of this fork's object runs */
static bool forking; /* atomic: that was seen */
static int current; /* atomic: the fork */
static thread_local int mine; /* the fork that a thread was made for */

struct object {
    volatile unsigned left = 0, right = 0; /* equal, and not 0, when it is whole */

    object()
    {
        left++;
        __atomic_store_n(&begun, true, __ATOMIC_RELEASE);
        if (!in_child)
            linger();
        right = left;
    }

    void linger()
    {
        switch (how) {
        case SOON:
            return sleep_us(2000);
        case WORKS:
            while (!__atomic_load_n(&forking, __ATOMIC_ACQUIRE))
                ;
            for (int i = 0; i < WORK; i++)
                right = 0;
            return;
        case EVER:
            for (;;)
                pause();
        case THROWS:
            sleep_us(1000);
            if (__atomic_load_n(&current, __ATOMIC_RELAXED) != mine)
                return;
            throw std::runtime_error("not yet");
        }
    }
};

/* As many statics as forks: each is initialised once. */
template <int> static object &get()
{
    static object it;

    return it;
}

template <int... numbers> static object &get(int number, std::integer_sequence<int, numbers...>)
{
    static object &(*const all[])() = {get<numbers>...};

    return all[number]();
}

static object &get(int number)
{
    return get(number, std::make_integer_sequence<int, OBJECTS>());
}

static void *initialise(void *number)
{
    mine = (int)(intptr_t)number;
    for (;;)
        try {
            get((int)(intptr_t)number);
            return NULL;
        } catch (const std::runtime_error &) {
        }
}

static void *check(void *number)
{
    object &it = get((int)(intptr_t)number);

    return (void *)(intptr_t)(it.left == 1 && it.right == 1 ? CHILD_OK : CHILD_TORN);
}

static int child(void *number)
{
    void *result;

    in_child = true;
    result = check(number);
    if (result == NULL)
        MUST(pthread_join(start(check, number), &result));
    return (int)(intptr_t)result;
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 2, 100);
    struct tally tally = {};

    LIST_NAMES(argc, argv, ways);
    while (argc > 1 && how <= THROWS && strcmp(argv[1], ways[how].name) != 0)
        how = (way)(how + 1);
    if (how > THROWS)
        return 99;
    for (int i = 0; i < forks && i < OBJECTS && !enough(&tally); i++) {
        void *number = (void *)(intptr_t)i;

        begun = forking = false;
        __atomic_store_n(&current, i, __ATOMIC_RELAXED);
        start_detached(initialise, number);
        while (!__atomic_load_n(&begun, __ATOMIC_ACQUIRE))
            sched_yield();
        __atomic_store_n(&forking, true, __ATOMIC_RELEASE);
        try_fork(&tally, child, number);
    }
    fflush(stdout);
    _exit(verdict(&tally)); /* what others initialise isn't to be destroyed */
}
