/* Tells libFuzzer which blocks of the kernel run, and what it compares: GCC calls functions, libFuzzer reads counters.

   libFuzzer is in a module of Atheris, whose file LIBFUZZER names. Its functions are looked up, since Atheris loads it
   without making them global. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

/* More than the kernel has blocks, so that few share a counter. */
#define COUNTERS 65536

#define HIDDEN __attribute__((visibility("hidden")))

static uint8_t counters[COUNTERS];

/* A call in the last place is a jump, so libFuzzer sees the address of the comparison. */
#define FORWARDED(name, type)                      \
    static void (*name)(type, type);               \
    HIDDEN void __sanitizer_cov_##name(type one, type other) { name(one, other); }

FORWARDED(trace_cmp1, uint8_t)
FORWARDED(trace_cmp2, uint16_t)
FORWARDED(trace_cmp4, uint32_t)
FORWARDED(trace_cmp8, uint64_t)
FORWARDED(trace_const_cmp1, uint8_t)
FORWARDED(trace_const_cmp2, uint16_t)
FORWARDED(trace_const_cmp4, uint32_t)
FORWARDED(trace_const_cmp8, uint64_t)

static void (*trace_switch)(uint64_t, uint64_t *);
HIDDEN void __sanitizer_cov_trace_switch(uint64_t value, uint64_t *cases) { trace_switch(value, cases); }

/* libFuzzer does not use comparisons of floats. */
HIDDEN void __sanitizer_cov_trace_cmpd(double one, double other) { (void)one, (void)other; }

static void *function(void *libfuzzer, const char *name)
{
    void *found = dlsym(libfuzzer, name);
    if (found == NULL)
        abort();
    return found;
}

#define LOOK_UP(name) *(void **)&name = function(libfuzzer, "__sanitizer_cov_" #name)

__attribute__((constructor)) static void begin(void)
{
    const char *file = getenv("LIBFUZZER");
    void *libfuzzer = file == NULL ? NULL : dlopen(file, RTLD_NOW | RTLD_NOLOAD);
    if (libfuzzer == NULL)
        abort();
    LOOK_UP(trace_cmp1), LOOK_UP(trace_cmp2), LOOK_UP(trace_cmp4), LOOK_UP(trace_cmp8);
    LOOK_UP(trace_const_cmp1), LOOK_UP(trace_const_cmp2), LOOK_UP(trace_const_cmp4), LOOK_UP(trace_const_cmp8);
    LOOK_UP(trace_switch);
    void (*add_counters)(uint8_t *, uint8_t *);
    *(void **)&add_counters = function(libfuzzer, "__sanitizer_cov_8bit_counters_init");
    add_counters(counters, counters + COUNTERS);
}

/* Called at the start of each block. */
HIDDEN void __sanitizer_cov_trace_pc(void)
{
    uint64_t block = (uint64_t)__builtin_return_address(0) - (uint64_t)&counters;
    counters[(block * 0x9E3779B97F4A7C15u) >> 48]++;
}
