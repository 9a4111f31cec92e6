/* bare: hangs; shimmed: ok */
/*
 * Threads take one lock, or two nested in index order (some try first, some
 * wait with a time limit), and break an invariant under each before they mend
 * it; main forks.  Each child takes every lock at
 * once, checks every invariant, and lets a thread of its own do it again.
 *
 *   storm [FORKS=200] [THREADS=8] [LOCKS=16] [KINDS=normal]
 *
 * KINDS: normal recursive errorcheck adaptive rwlock, or two of them (A,B: the
 * lower half of the locks is A, the upper B), or mixed (each lock the next).
 * Status 0: no child hung, none found torn data or a lock call that failed.
 */
#include "victim.h"

enum { MAX_LOCKS = 64, MAX_THREADS = 256, NODES = 6, RWLOCK = -1 };

struct node {
    struct node *next;
    unsigned long value;
};

struct place {
    int kind;
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    /* All that follows is guarded by the one or the other. */
    unsigned long left, right; /* equal */
    struct node *head;         /* NODES nodes, whose values add up to sum */
    unsigned long sum;
    struct node nodes[NODES];
} __attribute__((aligned(64)));

static struct place places[MAX_LOCKS];
static int locks, threads;
static bool stop;

static const struct kind {
    const char *name;
    int kind;
} kinds[] = {
    {"normal", PTHREAD_MUTEX_NORMAL},
    {"recursive", PTHREAD_MUTEX_RECURSIVE},
    {"errorcheck", PTHREAD_MUTEX_ERRORCHECK},
    {"adaptive", PTHREAD_MUTEX_ADAPTIVE_NP},
    {"rwlock", RWLOCK},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static int find_kind(const char *name, size_t length)
{
    for (int i = 0; i < KINDS; i++)
        if (strlen(kinds[i].name) == length && memcmp(kinds[i].name, name, length) == 0)
            return kinds[i].kind;
    fprintf(stderr, "storm: no such kind: %s\n", name);
    exit(99);
}

static int kind_of(const char *text, int index)
{
    const char *comma = strchr(text, ',');

    if (strcmp(text, "mixed") == 0)
        return kinds[index % KINDS].kind;
    if (!comma)
        return find_kind(text, strlen(text));
    return index < locks / 2 ? find_kind(text, (size_t)(comma - text))
                             : find_kind(comma + 1, strlen(comma + 1));
}

static void prepare(struct place *p, int kind)
{
    pthread_mutexattr_t attributes;

    p->kind = kind;
    MUST(pthread_mutexattr_init(&attributes));
    if (kind != RWLOCK)
        MUST(pthread_mutexattr_settype(&attributes, kind));
    MUST(pthread_mutex_init(&p->mutex, &attributes));
    MUST(pthread_rwlock_init(&p->rwlock, NULL));
    for (int i = 0; i < NODES; i++) {
        p->nodes[i].next = p->head;
        p->head = &p->nodes[i];
    }
}

static int take(struct place *p, bool shared)
{
    if (p->kind != RWLOCK)
        return pthread_mutex_lock(&p->mutex);
    return shared ? pthread_rwlock_rdlock(&p->rwlock) : pthread_rwlock_wrlock(&p->rwlock);
}

static int try(struct place *p, bool shared)
{
    if (p->kind != RWLOCK)
        return pthread_mutex_trylock(&p->mutex);
    return shared ? pthread_rwlock_tryrdlock(&p->rwlock) : pthread_rwlock_trywrlock(&p->rwlock);
}

static int take_timed(struct place *p, bool shared)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 60000);

    if (p->kind != RWLOCK)
        return pthread_mutex_timedlock(&p->mutex, &until);
    return shared ? pthread_rwlock_timedrdlock(&p->rwlock, &until)
                  : pthread_rwlock_timedwrlock(&p->rwlock, &until);
}

static int give(struct place *p)
{
    return p->kind != RWLOCK ? pthread_mutex_unlock(&p->mutex) : pthread_rwlock_unlock(&p->rwlock);
}

static bool whole(const struct place *p)
{
    unsigned long sum = 0;
    int count = 0;

    for (const struct node *n = p->head; n && count <= NODES; n = n->next) {
        sum += n->value;
        count++;
    }
    return p->left == p->right && count == NODES && sum == p->sum;
}

/* The head goes to the tail, with another value: whole again at the end only. */
static void change(volatile struct place *p, uint32_t *seed)
{
    struct node *moved = p->head, *tail = moved->next;

    p->left++;
    p->head = moved->next;
    p->sum -= moved->value;
    moved->value = next_random(seed) % 1000;
    for (int i = next_random(seed) % 200; i > 0; i--)
        p->right = p->left - 1;
    while (tail->next)
        tail = tail->next;
    moved->next = NULL;
    tail->next = moved;
    p->sum += moved->value;
    p->right++;
}

static void take_anyhow(struct place *p, bool shared, uint32_t way)
{
    if (way == 0)
        MUST(take_timed(p, shared));
    else if (way != 1 || try(p, shared) != 0)
        MUST(take(p, shared));
}

static void visit(struct place *p, uint32_t *seed, struct place *inner)
{
    bool shared = p->kind == RWLOCK && next_random(seed) % 2;

    take_anyhow(p, shared, next_random(seed) % 4);
    if (!whole(p)) {
        fputs("storm: torn data in the parent\n", stderr);
        _exit(99);
    }
    if (inner)
        visit(inner, seed, NULL);
    if (!shared)
        change(p, seed);
    MUST(give(p));
}

static void *blow(void *number)
{
    uint32_t seed = 2463534242u + (uint32_t)(uintptr_t)number;

    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        int outer = (int)(next_random(&seed) % (uint32_t)locks);
        int above = locks - outer - 1;
        bool nest = above > 0 && next_random(&seed) % 2;
        int inner = nest ? outer + 1 + (int)(next_random(&seed) % (uint32_t)above) : 0;

        visit(&places[outer], &seed, nest ? &places[inner] : NULL);
    }
    return NULL;
}

static void *check_all(void *unused)
{
    int result = CHILD_OK;
    uint32_t seed = 1;

    (void)unused;
    for (int i = 0; i < locks; i++)
        if (take(&places[i], false) != 0)
            return (void *)(intptr_t)CHILD_WRONG;
    for (int i = 0; i < locks; i++) {
        if (!whole(&places[i]))
            result = CHILD_TORN;
        else
            change(&places[i], &seed);
    }
    for (int i = locks - 1; i >= 0; i--)
        if (give(&places[i]) != 0)
            return (void *)(intptr_t)CHILD_WRONG;
    return (void *)(intptr_t)result;
}

static int child(void *unused)
{
    void *result = check_all(unused);

    if (result == NULL)
        MUST(pthread_join(start(check_all, NULL), &result));
    return (int)(intptr_t)result;
}

int main(int argc, char **argv)
{
    int forks = argument(argc, argv, 1, 200);
    const char *text = argc > 4 ? argv[4] : "normal";
    struct tally tally = {0};
    pthread_t ids[MAX_THREADS];
    int64_t begin;

    threads = argument(argc, argv, 2, 8);
    locks = argument(argc, argv, 3, 16);
    if (threads < 0 || threads > MAX_THREADS || locks < 1 || locks > MAX_LOCKS)
        return 99;
    for (int i = 0; i < locks; i++)
        prepare(&places[i], kind_of(text, i));
    for (int i = 0; i < threads; i++)
        ids[i] = start(blow, (void *)(uintptr_t)i);
    begin = now_ns();
    for (int i = 0; i < forks && !enough(&tally); i++)
        try_fork(&tally, child, NULL);
    printf("forks_per_s=%.0f ", tally.of * 1e3 / ms_since(begin));
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < threads; i++)
        MUST(pthread_join(ids[i], NULL));
    return verdict(&tally);
}
