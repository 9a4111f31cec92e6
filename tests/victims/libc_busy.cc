/* bare: hangs; shimmed: ok */
/*
 * Threads call one function of libc again and again, main forks, and each
 * child calls the same function once.  libc's own locks lie inside.
 *
 *   libc_busy FAMILY [FORKS=1000] [THREADS=3]      a name from the table below
 *   libc_busy list                                 prints the names
 *
 * It ends after 3 hung children.  first_hung is the fork at which the first one
 * did, or 0.  Status 0: none; 77: a name is asked for that this system has to
 * look up in the network.
 */
#include "victim.h"

#include <aio.h>
#include <aliases.h>
#include <arpa/inet.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <fmtmsg.h>
#include <grp.h>
#include <gshadow.h>
#include <iconv.h>
#include <libintl.h>
#include <link.h>
#include <locale.h>
#include <netdb.h>
#include <netinet/in.h>
#include <printf.h>
#include <pwd.h>
#include <resolv.h>
#include <rpc/netdb.h>
#include <semaphore.h>
#include <shadow.h>
#include <syslog.h>
#include <utmp.h>
#include <wchar.h>

extern "C" int __cxa_atexit(void (*)(void *), void *, void *);
extern "C" void __cxa_finalize(void *);

enum { AT_ONCE = 8 };

static volatile time_t some_time = 1000000000;
static DIR *shared_dir;
static char semaphore_name[64];
static int limit, hung_limit; /* victim.h's, asked for once: some families empty the environment */
static int first_hung; /* the number of that fork */
static bool stop;

static struct tm broken_down()
{
    struct tm tm = {};

    tm.tm_year = 110;
    tm.tm_mday = 5;
    tm.tm_isdst = -1;
    return tm;
}

static void format_time()
{
    struct tm tm = broken_down();
    char text[99];

    strftime(text, sizeof text, "%c %Z %s", &tm);
}

static void use_file(const char *name, const char *mode, void (*use)(FILE *))
{
    FILE *file = fopen(name, mode);

    if (file) {
        use(file);
        fclose(file);
    }
}

static struct sockaddr_in loopback()
{
    struct sockaddr_in address = {};

    address.sin_family = AF_INET;
    address.sin_port = htons(80);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void resolve(const char *name, int flags)
{
    struct addrinfo hints = {}, *list;

    hints.ai_flags = flags;
    hints.ai_family = AF_INET;
    if (getaddrinfo(name, "80", &hints, &list) == 0)
        freeaddrinfo(list);
}

/* What is registered goes again: the list stays short. */
static void register_handlers()
{
    static char library; /* stands for one: its address is the handle */

    for (int i = 0; i < 8; i++)
        __cxa_atexit([](void *) {}, NULL, &library);
    __cxa_finalize(&library);
}

static void make_timer()
{
    struct sigevent event = {};
    timer_t timer;

    event.sigev_notify = SIGEV_THREAD;
    event.sigev_notify_function = [](union sigval) {};
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
        timer_delete(timer);
}

static void look_up_reentrant()
{
    struct hostent entry, *result;
    char text[1000];
    int error;

    gethostbyname_r("localhost", &entry, text, sizeof text, &result, &error);
}

static int print_nothing(FILE *, const struct printf_info *, const void *const *) { return 0; }

static int no_argument(const struct printf_info *, size_t, int *, int *) { return 0; }

static void open_semaphore()
{
    sem_t *semaphore = sem_open(semaphore_name, O_CREAT, 0600, 1);

    if (semaphore != SEM_FAILED)
        sem_close(semaphore);
}

static const struct family {
    const char *name;
    void (*call)();
} families[] = {
    {"localtime", [] { time_t t = some_time; localtime(&t); }},
    {"localtime_r", [] { time_t t = some_time; struct tm tm; localtime_r(&t, &tm); }},
    {"gmtime_r", [] { time_t t = some_time; struct tm tm; gmtime_r(&t, &tm); }},
    {"tzset", tzset},
    {"mktime", [] { struct tm tm = broken_down(); mktime(&tm); }},
    {"timegm", [] { struct tm tm = broken_down(); timegm(&tm); }},
    {"strftime", format_time},
    {"strptime", [] { struct tm tm; strptime("1000000000", "%s", &tm); }},
    {"ctime_r", [] { time_t t = some_time; char text[99]; ctime_r(&t, text); }},
    {"setenv", [] { setenv("VICTIM_A", "some text", 1); }},
    {"putenv", [] { static char text[] = "VICTIM_B=text"; putenv(text); }},
    {"unsetenv", [] { unsetenv("VICTIM_C"); }},
    {"clearenv", [] { clearenv(); }},
    {"random", [] { random(); }},
    {"rand", [] { rand(); }},
    {"srandom", [] { srandom(7); }},
    {"initstate", [] { static char state[64]; initstate(7, state, sizeof state); }},
    {"setlocale", [] { setlocale(LC_ALL, "C.UTF-8"); setlocale(LC_ALL, "C"); }},
    {"newlocale", [] { locale_t locale = newlocale(LC_ALL_MASK, "C.UTF-8", NULL);
                       if (locale) freelocale(locale); }},
    {"duplocale", [] { locale_t locale = duplocale(LC_GLOBAL_LOCALE);
                       if (locale) freelocale(locale); }},
    {"syslog", [] { syslog(LOG_DEBUG, "text"); }},
    {"openlog", [] { openlog("victim", LOG_NDELAY, LOG_USER); }},
    {"closelog", closelog},
    {"setlogmask", [] { setlogmask(LOG_UPTO(LOG_DEBUG)); }},
    {"fgetpwent", [] { use_file("/etc/passwd", "r", [](FILE *file) { fgetpwent(file); }); }},
    {"fgetgrent", [] { use_file("/etc/group", "r", [](FILE *file) { fgetgrent(file); }); }},
    {"fgetspent", [] { use_file("/etc/shadow", "r", [](FILE *file) { fgetspent(file); }); }},
    {"sgetspent", [] { sgetspent("root:*:19000:0:99999:7:::"); }},
    {"getspnam", [] { getspnam("root"); }},
    {"getspent", [] { if (!getspent()) setspent(); }},
    {"getsgnam", [] { getsgnam("root"); }},
    {"getsgent", [] { if (!getsgent()) setsgent(); }},
    {"getaliasbyname", [] { getaliasbyname("root"); }},
    {"getrpcbyname", [] { getrpcbyname("nfs"); }},
    {"getrpcent", [] { if (!getrpcent()) setrpcent(0); }},
    {"innetgr", [] { innetgr("victims", "a", "b", "c"); }},
    {"getnetgrent", [] { char *a, *b, *c; if (!getnetgrent(&a, &b, &c)) setnetgrent("victims"); }},
    {"getgrouplist", [] { gid_t groups[99]; int count = 99; getgrouplist("root", 0, groups, &count); }},
    {"getpwnam", [] { getpwnam("root"); }},
    {"getpwent", [] { if (!getpwent()) setpwent(); }},
    {"getgrnam", [] { getgrnam("root"); }},
    {"getgrent", [] { if (!getgrent()) setgrent(); }},
    {"gethostbyname", [] { gethostbyname("localhost"); }},
    {"gethostbyaddr", [] { in_addr_t a = htonl(INADDR_LOOPBACK);
                           gethostbyaddr(&a, sizeof a, AF_INET); }},
    {"gethostent", [] { if (!gethostent()) sethostent(0); }},
    {"gethostbyname_r", look_up_reentrant},
    {"getaddrinfo", [] { resolve("localhost", 0); }},
    {"getaddrinfo-numeric", [] { resolve("127.0.0.1", AI_NUMERICHOST | AI_ADDRCONFIG); }},
    {"getnameinfo", [] { struct sockaddr_in a = loopback(); char host[99], port[99];
                         getnameinfo((struct sockaddr *)&a, sizeof a, host, sizeof host, port,
                                     sizeof port, NI_NOFQDN); }},
    {"getservbyname", [] { getservbyname("http", "tcp"); }},
    {"getservent", [] { if (!getservent()) setservent(0); }},
    {"getprotobyname", [] { getprotobyname("tcp"); }},
    {"getnetbyname", [] { getnetbyname("loopback"); }},
    {"res_init", [] { res_init(); }},
    {"iconv_open", [] { iconv_t it = iconv_open("UTF-16", "ISO-8859-15");
                        if (it != (iconv_t)-1) iconv_close(it); }},
    {"bindtextdomain", [] { bindtextdomain("victim", "/tmp"); }},
    {"textdomain", [] { textdomain("victim"); }},
    {"dgettext", [] { dgettext("victim", "text"); bindtextdomain("victim", "/tmp"); }},
    {"strerror", [] { strerror(ENOENT); setlocale(LC_ALL, "C.UTF-8"); }},
    {"fwide", [] { use_file("/dev/null", "w", [](FILE *file) { fwide(file, 1); }); }},
    {"fopen-ccs", [] { use_file("/dev/null", "w,ccs=UTF-16", [](FILE *) {}); }},
    {"mbstowcs", [] { wchar_t to[9]; locale_t it = newlocale(LC_ALL_MASK, "C.UTF-8", NULL);
                      locale_t old = uselocale(it); mbstowcs(to, "text", 9); uselocale(old);
                      freelocale(it); }},
    {"register_printf_specifier", [] { register_printf_specifier('Q', print_nothing, no_argument); }},
    {"register_printf_modifier", [] { register_printf_modifier(L""); }},
    {"register_printf_type", [] { register_printf_type([](void *, va_list *) {}); }},
    {"__cxa_atexit", register_handlers},
    {"dl_iterate_phdr", [] { dl_iterate_phdr([](dl_phdr_info *, size_t, void *) { return 0; },
                                             NULL); }},
    {"dlopen", [] { void *library = dlopen("libBrokenLocale.so.1", RTLD_NOW);
                    if (library) dlclose(library); }},
    {"dlmopen", [] { void *library = dlmopen(LM_ID_BASE, "libBrokenLocale.so.1", RTLD_NOW);
                     if (library) dlclose(library); }},
    {"dladdr", [] { Dl_info info; dladdr((void *)&register_handlers, &info); }},
    {"popen", [] { FILE *pipe = popen(":", "r"); if (pipe) pclose(pipe); }},
    {"readdir", [] { if (!readdir(shared_dir)) rewinddir(shared_dir); }},
    {"telldir", [] { seekdir(shared_dir, telldir(shared_dir)); }},
    {"sem_open", open_semaphore},
    {"getutent", [] { if (!getutent()) setutent(); }},
    {"setutent", [] { setutent(); endutent(); }},
    {"getutid", [] { struct utmp wanted = {}; wanted.ut_type = BOOT_TIME; getutid(&wanted); }},
    {"logout", [] { logout("victim"); }},
    {"getlogin", [] { getlogin(); }},
    {"utmpname", [] { utmpname("/dev/null"); }},
    {"addseverity", [] { addseverity(7, "text"); }},
    {"fmtmsg", [] { fmtmsg(0, "a:b", 7, "text", "none", "a:b:001"); }},
    {"aio_cancel", [] { aio_cancel(0, NULL); }},
    {"gai_cancel", [] { static struct gaicb request; gai_cancel(&request); }},
    {"timer_create", make_timer},
    {"backtrace", [] { void *frames[20]; backtrace(frames, 20); }},
    {"fflush", [] { fflush(NULL); }},
    {"fopen", [] { FILE *file = fopen("/dev/null", "w"); if (file) fclose(file); }},
    {"malloc", [] { free(malloc(100000)); }},
};

static void *call_often(void *family)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        ((const struct family *)family)->call();
    return NULL;
}

/* Children that are not waited for yet: forking goes on meanwhile. */
static struct {
    pid_t pid;
    int number;
    int64_t begin;
} children[AT_ONCE];

static int reap_in_time(pid_t child, int64_t begin)
{
    int status;

    while (waitpid(child, &status, WNOHANG) == 0) {
        if (ms_since(begin) > limit) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            return -1;
        }
        sleep_us(100);
    }
    return status;
}

static void reap_place(struct tally *tally, int place)
{
    int status;

    if (children[place].pid == 0)
        return;
    status = reap_in_time(children[place].pid, children[place].begin);
    children[place].pid = 0;
    tally->of++;
    tally->hung += status == -1;
    tally->wrong += status > 0;
    if (status == -1 && first_hung == 0)
        first_hung = children[place].number;
}

static void fork_once(struct tally *tally, const struct family *family, int number)
{
    int place = number % AT_ONCE;
    int64_t begin;
    pid_t child;

    reap_place(tally, place);
    begin = now_ns();
    child = fork();
    if (child == -1)
        die("fork");
    if (child == 0) {
        alarm((unsigned)limit / 1000 + 2);
        family->call();
        _exit(CHILD_OK);
    }
    if (ms_since(begin) > tally->longest_fork_ms)
        tally->longest_fork_ms = ms_since(begin);
    children[place] = {child, number, begin};
}

static const struct family *find(const char *name)
{
    for (const struct family &family : families)
        if (strcmp(family.name, name) == 0)
            return &family;
    fprintf(stderr, "libc_busy: no such family: %s\n", name);
    _exit(99);
}

static int list()
{
    for (const struct family &family : families)
        puts(family.name);
    return 0;
}

/*
 * Is localhost in the file of hosts? Else the network is asked for it: a sleep with the lock held, whose
 * end no fork waits for.
 */
static bool knows_localhost()
{
    char line[200];
    bool found = false;
    FILE *hosts = fopen("/etc/hosts", "re");

    while (hosts && !found && fgets(line, sizeof line, hosts))
        found = line[0] != '#' && strstr(line, "localhost");
    if (hosts)
        fclose(hosts);
    return found;
}

static bool asks_for_localhost(const char *name)
{
    return strncmp(name, "gethostby", 9) == 0 || strcmp(name, "getaddrinfo") == 0 ||
           strcmp(name, "getnameinfo") == 0;
}

static void prepare()
{
    snprintf(semaphore_name, sizeof semaphore_name, "/victim-%ld", (long)getpid());
    shared_dir = opendir("/");
    if (!shared_dir)
        die("/");
    setlocale(LC_ALL, "C.UTF-8"); /* messages of the C locale need no lock */
    limit = limit_ms();
    hung_limit = enough_hung(3);
}

int main(int argc, char **argv)
{
    struct tally tally = {};
    int forks = argument(argc, argv, 2, 1000);
    int threads = argument(argc, argv, 3, 3);
    const struct family *family;

    if (argc > 1 && strcmp(argv[1], "list") == 0)
        return list();
    family = find(argc > 1 ? argv[1] : "localtime");
    if (asks_for_localhost(family->name) && !knows_localhost())
        return 77;
    prepare();
    for (int i = 0; i < threads; i++)
        start_detached(call_often, (void *)family);
    for (int i = 1; i <= forks && tally.hung < hung_limit; i++)
        fork_once(&tally, family, i);
    for (int i = 1; i <= AT_ONCE && tally.hung < hung_limit; i++)
        reap_place(&tally, (forks + i) % AT_ONCE);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    sem_unlink(semaphore_name);
    printf("first_hung=%d ", first_hung);
    fflush(stdout);
    _exit(verdict(&tally));
}
