/* Doors: libc functions that leave locks of their own locked in a child, one line each. */
#include "busy.h"

/* Macros of <libintl.h>. */
#undef gettext
#undef dgettext
#undef ngettext
#undef dngettext

/* clang-format off */
BUSY_DOOR_VOID(tzset, (void), ())
BUSY_DOOR(struct tm *, localtime, (const time_t *time), (time))
BUSY_DOOR(struct tm *, localtime_r, (const time_t *time, struct tm *to), (time, to))
BUSY_DOOR(struct tm *, gmtime, (const time_t *time), (time))
BUSY_DOOR(struct tm *, gmtime_r, (const time_t *time, struct tm *to), (time, to))
BUSY_DOOR(char *, ctime, (const time_t *time), (time))
BUSY_DOOR(char *, ctime_r, (const time_t *time, char *to), (time, to))
BUSY_DOOR(time_t, mktime, (struct tm *tm), (tm))
BUSY_DOOR(time_t, timegm, (struct tm *tm), (tm))
BUSY_DOOR(size_t, strftime, (char *to, size_t size, const char *format, const struct tm *tm), (to, size, format, tm))
BUSY_DOOR(size_t, strftime_l, (char *to, size_t size, const char *format, const struct tm *tm, locale_t locale), (to, size, format, tm, locale))
BUSY_DOOR(size_t, wcsftime, (wchar_t *to, size_t size, const wchar_t *format, const struct tm *tm), (to, size, format, tm))
BUSY_DOOR(size_t, wcsftime_l, (wchar_t *to, size_t size, const wchar_t *format, const struct tm *tm, locale_t locale), (to, size, format, tm, locale))
BUSY_DOOR(char *, strptime, (const char *text, const char *format, struct tm *to), (text, format, to))
BUSY_DOOR(char *, strptime_l, (const char *text, const char *format, struct tm *to, locale_t locale), (text, format, to, locale))
BUSY_DOOR(struct tm *, getdate, (const char *text), (text))
BUSY_DOOR(int, getdate_r, (const char *text, struct tm *to), (text, to))

BUSY_DOOR(int, setenv, (const char *name, const char *value, int overwrite), (name, value, overwrite))
BUSY_DOOR(int, unsetenv, (const char *name), (name))
BUSY_DOOR(int, putenv, (char *string), (string))
BUSY_DOOR(int, clearenv, (void), ())

BUSY_DOOR(long, random, (void), ())
BUSY_DOOR_VOID(srandom, (unsigned seed), (seed))
BUSY_DOOR(int, rand, (void), ())
BUSY_DOOR_VOID(srand, (unsigned seed), (seed))
BUSY_DOOR(char *, initstate, (unsigned seed, char *state, size_t size), (seed, state, size))
BUSY_DOOR(char *, setstate, (char *state), (state))

EXPORT char *setlocale(int category, const char *name)
{
    BUSY(libc.setlocale);
    char *result = libc.setlocale(category, name);
    if (name && result)
        load_conversion(LC_GLOBAL_LOCALE);
    return result;
}

EXPORT locale_t newlocale(int mask, const char *name, locale_t base)
{
    BUSY(libc.newlocale);
    locale_t result = libc.newlocale(mask, name, base);
    load_conversion(result);
    return result;
}

BUSY_DOOR_VOID(freelocale, (locale_t locale), (locale))
BUSY_DOOR(locale_t, duplocale, (locale_t locale), (locale))
BUSY_DOOR(char *, textdomain, (const char *domain), (domain))
BUSY_DOOR(char *, bindtextdomain, (const char *domain, const char *directory), (domain, directory))
BUSY_DOOR(char *, bind_textdomain_codeset, (const char *domain, const char *codeset), (domain, codeset))
BUSY_DOOR(iconv_t, iconv_open, (const char *to, const char *from), (to, from))
BUSY_DOOR(int, iconv_close, (iconv_t conversion), (conversion))
BUSY_DOOR(char *, gettext, (const char *id), (id))
BUSY_DOOR(char *, dgettext, (const char *domain, const char *id), (domain, id))
BUSY_DOOR(char *, dcgettext, (const char *domain, const char *id, int category), (domain, id, category))
BUSY_DOOR(char *, ngettext, (const char *one, const char *many, unsigned long n), (one, many, n))
BUSY_DOOR(char *, dngettext, (const char *domain, const char *one, const char *many, unsigned long n), (domain, one, many, n))
BUSY_DOOR(char *, dcngettext, (const char *domain, const char *one, const char *many, unsigned long n, int category), (domain, one, many, n, category))
BUSY_DOOR(char *, strerror, (int error), (error))
BUSY_DOOR(char *, strerror_r, (int error, char *to, size_t size), (error, to, size))
BUSY_DOOR(int, __xpg_strerror_r, (int error, char *to, size_t size), (error, to, size))
BUSY_DOOR(char *, strerror_l, (int error, locale_t locale), (error, locale))
BUSY_DOOR(char *, strsignal, (int signal), (signal))
BUSY_DOOR_VOID(perror, (const char *text), (text))
BUSY_DOOR(const char *, gai_strerror, (int error), (error))
BUSY_DOOR(int, register_printf_specifier, (int letter, printf_function *print, printf_arginfo_size_function *arguments), (letter, print, arguments))
BUSY_DOOR(int, register_printf_modifier, (const wchar_t *text), (text))
BUSY_DOOR(int, register_printf_type, (printf_va_arg_function *take), (take))

BUSY_DOOR_VOID(openlog, (const char *identity, int options, int facility), (identity, options, facility))
BUSY_DOOR(int, setlogmask, (int mask), (mask))
BUSY_DOOR_VOID(closelog, (void), ())
BUSY_DOOR_VOID(vsyslog, (int priority, const char *format, va_list arguments), (priority, format, arguments))
BUSY_DOOR_VOID(__vsyslog_chk, (int priority, int flag, const char *format, va_list arguments), (priority, flag, format, arguments))
BUSY_DOOR(int, addseverity, (int severity, const char *string), (severity, string))
BUSY_DOOR(int, fmtmsg, (long class, const char *label, int severity, const char *text, const char *action, const char *tag), (class, label, severity, text, action, tag))

BUSY_DOOR(FILE *, popen, (const char *command, const char *mode), (command, mode))
BUSY_DOOR(int, pclose, (FILE *file), (file))
BUSY_DOOR(struct dirent *, readdir, (DIR *directory), (directory))
BUSY_DOOR(struct dirent64 *, readdir64, (DIR *directory), (directory))
BUSY_DOOR(long, telldir, (DIR *directory), (directory))
BUSY_DOOR_VOID(seekdir, (DIR *directory, long position), (directory, position))
BUSY_DOOR_VOID(rewinddir, (DIR *directory), (directory))
BUSY_DOOR(int, backtrace, (void **to, int size), (to, size))
BUSY_DOOR(int, sem_close, (sem_t *s), (s))
BUSY_DOOR(int, timer_create, (clockid_t clock, struct sigevent *event, timer_t *timer), (clock, event, timer))
BUSY_DOOR(int, timer_delete, (timer_t timer), (timer))
BUSY_DOOR(int, aio_cancel, (int fd, struct aiocb *operation), (fd, operation))
BUSY_DOOR(int, aio_cancel64, (int fd, struct aiocb64 *operation), (fd, operation))
BUSY_DOOR(int, gai_cancel, (struct gaicb *request), (request))
BUSY_DOOR(int, __cxa_thread_atexit_impl, (void (*function)(void *), void *argument, void *dso), (function, argument, dso))
/* clang-format on */

EXPORT void syslog(int priority, const char *format, ...)
{
    BUSY(libc.vsyslog);
    va_list arguments;
    va_start(arguments, format);
    libc.vsyslog(priority, format, arguments);
    va_end(arguments);
}

EXPORT void __syslog_chk(int priority, int flag, const char *format, ...)
{
    BUSY(libc.__vsyslog_chk);
    va_list arguments;
    va_start(arguments, format);
    libc.__vsyslog_chk(priority, flag, format, arguments);
    va_end(arguments);
}

/* Mode and value come with O_CREAT only; reading them in vain does no harm. */
EXPORT sem_t *sem_open(const char *name, int flags, ...)
{
    BUSY(libc.sem_open);
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = va_arg(arguments, mode_t);
    unsigned value = va_arg(arguments, unsigned);
    va_end(arguments);
    return libc.sem_open(name, flags, mode, value);
}
