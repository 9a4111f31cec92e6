/*
 * Cancellation and exceptions run through our frames (-fexceptions), so the compiler refers to two
 * functions of the unwinder. Linking libgcc_s would make every program load it; a program in which
 * something unwinds has it loaded already, and there we find it (Itanium C++ ABI, "Exception
 * Handling").
 */
#include <unwind.h>

#include "elf.h"

_Unwind_Reason_Code __gcc_personality_v0(int version, _Unwind_Action actions,
                                         _Unwind_Exception_Class class,
                                         struct _Unwind_Exception *exception,
                                         struct _Unwind_Context *context);

void _Unwind_Resume(struct _Unwind_Exception *exception)
{
    void (*real)(struct _Unwind_Exception *) = elf_next("_Unwind_Resume");
    if (real)
        real(exception);
    __builtin_trap();
}

_Unwind_Reason_Code __gcc_personality_v0(int version, _Unwind_Action actions,
                                         _Unwind_Exception_Class class,
                                         struct _Unwind_Exception *exception,
                                         struct _Unwind_Context *context)
{
    _Unwind_Reason_Code (*real)(int, _Unwind_Action, _Unwind_Exception_Class,
                                struct _Unwind_Exception *, struct _Unwind_Context *) =
        elf_next("__gcc_personality_v0");
    return real ? real(version, actions, class, exception, context) : _URC_CONTINUE_UNWIND;
}
