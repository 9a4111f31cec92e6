/* a library for victims that stop in the middle of dlsym, which looks up the address of an indirect function
   with the loader's lock in hand */

void (*resolver_calls)(void);

static int one(void) { return 1; }

static int (*resolve(void))(void)
{
    if (resolver_calls)
        resolver_calls();
    return one;
}

__attribute__((ifunc("resolve"))) int resolver_result(void);
