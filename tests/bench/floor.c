/* An object in front of libc that does nothing but pass calls on; with -DSTORES, besides, what no order of
 * stores that tells a forking thread who is in what can do without. What stands in front of libc
 * isn't faster than this. It makes no fork safe: nobody reads what it writes. */
#include "bench.h"
#include <dlfcn.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef STORES
#define STORES 0
#endif

static int (*next_lock)(pthread_mutex_t *), (*next_unlock)(pthread_mutex_t *);
static int (*next_wait)(pthread_cond_t *, pthread_mutex_t *), (*next_signal)(pthread_cond_t *);
static int (*next_sem_wait)(sem_t *), (*next_sem_post)(sem_t *);
static pid_t (*next_fork)(void);

enum { RECORDS = 8192 };
static struct record {
    _Atomic uint32_t nested;
    int tid;
    _Atomic uintptr_t slot[2], wait;
} __attribute__((aligned(64))) records[RECORDS];
static atomic_uint used;
static _Thread_local __attribute__((tls_model("initial-exec"))) struct record *self;
static _Alignas(4096) struct {
    _Atomic uint32_t gate;
    char rest[4092];
} at_fork, in_child;
static _Atomic int *present; /* on a page that forks wipe, by which a child that libc didn't make is known */
static atomic_int closed;
static pthread_mutex_t *_Atomic waited_with; /* in a child it is to be free */

__attribute__((constructor)) static void find(void)
{
    next_lock = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    next_unlock = dlsym(RTLD_NEXT, "pthread_mutex_unlock");
    next_wait = dlvsym(RTLD_NEXT, "pthread_cond_wait", "GLIBC_2.3.2");
    next_signal = dlvsym(RTLD_NEXT, "pthread_cond_signal", "GLIBC_2.3.2");
    next_wait = next_wait ? next_wait : dlsym(RTLD_NEXT, "pthread_cond_wait");
    next_signal = next_signal ? next_signal : dlsym(RTLD_NEXT, "pthread_cond_signal");
    next_sem_wait = dlsym(RTLD_NEXT, "sem_wait");
    next_sem_post = dlsym(RTLD_NEXT, "sem_post");
    next_fork = dlsym(RTLD_NEXT, "fork");
    if (!STORES)
        return;
    present = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (present == MAP_FAILED || madvise((void *)present, 4096, MADV_WIPEONFORK))
        _exit(99);
}

static struct record *record(void)
{
    return __builtin_expect(self != NULL, 1) ? self : (self = &records[used++ % RECORDS]);
}

static void list(int place, const void *object, int trying)
{
    atomic_store_explicit(&record()->slot[place], (uintptr_t)object | trying, memory_order_release);
}

static void list_inner(const void *object)
{
    atomic_store_explicit(&record()->nested, object != NULL, memory_order_release);
    list(1, object, object != NULL);
}

static void read_gate(void)
{
    if (__builtin_expect(at_fork.gate, 0))
        closed++;
}

static int tid(void)
{
    struct record *me = record();
    return me->tid ? me->tid : (me->tid = (int)syscall(SYS_gettid));
}

int pthread_mutex_lock(pthread_mutex_t *m)
{
    int free = 0;
    if (!STORES)
        return next_lock(m);
    list(0, m, 0);
    if (atomic_compare_exchange_strong((_Atomic int *)&m->__data.__lock, &free, 1)) {
        m->__data.__owner = tid();
        m->__data.__nusers++;
    } else {
        list(0, m, 1);
        next_lock(m);
        list(0, m, 0);
        atomic_thread_fence(memory_order_seq_cst);
    }
    read_gate();
    return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *m)
{
    int result = next_unlock(m);
    if (STORES)
        list(0, NULL, 0);
    return result;
}

int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
    if (!STORES)
        return next_wait(c, m);
    list(0, m, 1);
    list_inner(c);
    waited_with = m;
    atomic_store_explicit(&record()->wait, (uintptr_t)__builtin_return_address(0), memory_order_release);
    int result = next_wait(c, m);
    atomic_store_explicit(&record()->wait, 0, memory_order_release);
    list_inner(NULL);
    list(0, m, 0);
    atomic_thread_fence(memory_order_seq_cst);
    read_gate();
    return result;
}

int pthread_cond_signal(pthread_cond_t *c)
{
    if (!STORES)
        return next_signal(c);
    list_inner(c);
    int result = next_signal(c);
    list_inner(NULL);
    return result;
}

/* Who took it is written into the semaphore, which has no room of libc's for that. */
struct semaphore {
    _Atomic uint64_t value;
    uint64_t flags, mark;
    void *_Atomic holder;
};

int sem_wait(sem_t *s)
{
    struct semaphore *semaphore = (struct semaphore *)s;
    uint64_t value = atomic_load_explicit(&semaphore->value, memory_order_relaxed);
    if (!STORES)
        return next_sem_wait(s);
    list(0, s, 0);
    if ((uint32_t)value == 0 || !atomic_compare_exchange_strong(&semaphore->value, &value, value - 1))
        next_sem_wait(s);
    atomic_store_explicit(&semaphore->holder, (void *)record(), memory_order_release);
    read_gate();
    return 0;
}

int sem_post(sem_t *s)
{
    if (STORES)
        atomic_store_explicit(&((struct semaphore *)s)->holder, NULL, memory_order_release);
    int result = next_sem_post(s);
    if (STORES)
        list(0, NULL, 0);
    return result;
}

/* Is anybody in a section? The forking thread asks until nobody is; the child, who was. */
static int is_anybody_busy(void)
{
    for (unsigned i = 0; i < used && i < RECORDS; i++)
        for (unsigned place = 0; place <= records[i].nested; place++)
            if (&records[i] != self && records[i].slot[place] && !(records[i].slot[place] & 1))
                return 1;
    return 0;
}

/* What a thread that is gone waited with, unless the memory is shared. */
static void mend(void)
{
    void *page = (void *)((uintptr_t)waited_with & -4096ul);
    if (waited_with && mremap(page, 0, 4096, MREMAP_MAYMOVE) == MAP_FAILED)
        *waited_with = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

/*
 * The gate is closed and opened; the child tells that it is there, and its record that it is another thread; a lock
 * is mended.
 */
pid_t fork(void)
{
    if (!STORES)
        return next_fork();
    at_fork.gate = 1;
    if (is_anybody_busy())
        closed++;
    pid_t child = next_fork();
    at_fork.gate = 0;
    if (child == 0) {
        *present = 1;
        in_child.gate = 1 + (uint32_t)is_anybody_busy();
        mend();
    }
    return child;
}
