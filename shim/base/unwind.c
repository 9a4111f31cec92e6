/*
 * Cancellation and exceptions run through our frames (-fexceptions), so the compiler refers to two
 * functions of the unwinder. Linking libgcc_s would make every program load it; a program in which
 * something unwinds has it loaded already, and there we find it (Itanium C++ ABI, "Exception
 * Handling").
 */
#include <unwind.h>

#include "elf.h"
#include "place.h"

typedef _Unwind_Reason_Code personality(int, _Unwind_Action, _Unwind_Exception_Class, struct _Unwind_Exception *,
                                        struct _Unwind_Context *);
typedef void resume(struct _Unwind_Exception *);

personality __gcc_personality_v0;

/* Of the unwinder that ran last: it asks for a frame's personality before the frame's end can resume. */
static resume *_Atomic last_resume;

/* The caller is the unwinder: it isn't unloaded meanwhile, and nobody else's tables need be looked at. */
static personality *personality_of(const void *caller)
{
    const struct link_map *unwinder = place_object(caller);
    personality *own = unwinder ? elf_function(unwinder, "__gcc_personality_v0") : NULL;
    last_resume = own ? elf_function(unwinder, "_Unwind_Resume") : NULL;
    return own ? own : elf_next("__gcc_personality_v0");
}

void _Unwind_Resume(struct _Unwind_Exception *exception)
{
    resume *real = last_resume;
    if (!real)
        real = elf_next("_Unwind_Resume");
    if (real)
        real(exception);
    __builtin_trap();
}

_Unwind_Reason_Code __gcc_personality_v0(int version, _Unwind_Action actions,
                                         _Unwind_Exception_Class class,
                                         struct _Unwind_Exception *exception,
                                         struct _Unwind_Context *context)
{
    personality *real = personality_of(__builtin_return_address(0));
    return real ? real(version, actions, class, exception, context) : _URC_CONTINUE_UNWIND;
}
