#include "chaos.h"

#include <stdint.h>

#include "environment.h"
#include "sys.h"

enum { SPINS = 4096, AWAY_US = 256 };

static uint32_t seed; /* set before there is a second thread; 0: nothing happens */
static __thread uint32_t state; /* xorshift's; a signal handler may repeat a number */

static uint32_t mix(uint32_t x)
{
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    return x ^ x >> 16;
}

static uint32_t next(void)
{
    uint32_t x = state ? state : mix(seed ^ (uint32_t)sys_gettid()) | 1;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return state = x;
}

/*
 * Every seed has labels where nothing happens, some where it happens now and then, and a few where it nearly
 * always does: what needs two rare delays at once is found by a seed for which they aren't rare.
 */
static uint32_t one_in(const char *label)
{
    static const uint32_t choices[] = {0, 0, 4096, 4096, 512, 512, 64, 16, 4};
    uint32_t hash = seed;
    while (*label)
        hash = (hash ^ (unsigned char)*label++) * 16777619u;
    return choices[mix(hash) % (sizeof choices / sizeof *choices)];
}

/* As if others had the CPU: nobody ever sleeps between two steps of the protocol, which counts on that. */
static void stay_away(int64_t us)
{
    for (int64_t began = sys_now_us(); sys_now_us() - began < us;)
        sys_yield();
}

void chaos(const char *label)
{
    uint32_t rarity = seed ? one_in(label) : 0, drawn = rarity ? next() : 0;
    if (!rarity || drawn % rarity != 0)
        return;
    drawn = mix(drawn);
    if (drawn % 4 == 0)
        stay_away(drawn / 4 % AWAY_US);
    else if (drawn % 4 == 1)
        for (uint32_t spins = drawn / 4 % SPINS; spins > 0; spins--)
            sys_pause_cpu();
    else
        sys_yield();
}

void chaos_start(char **environment)
{
    const char *text = environment_get(environment, "HOLDSTILL_CHAOS=");
    uint32_t number = 0;
    for (; text && *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (uint32_t)(*text - '0');
    seed = number;
}
