/* The compiler features that the public headers rely on, under one set of names. */
#ifndef CSTORM_MACROS_H
#define CSTORM_MACROS_H

#ifdef __cplusplus
#error "cstorm's headers are C11: compile the component as C"
#endif

#define STORM_API __attribute__((visibility("default")))
#define STORM_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define STORM_MUST_CHECK __attribute__((warn_unused_result))

#endif
