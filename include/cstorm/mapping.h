/*
 * Mappings: how the fields of a stream and the members of a C struct correspond.
 *
 * Declared once, beside the struct, a mapping names the fields of the streams that carry it, decodes
 * a whole tuple into a struct, and emits a whole struct:
 *
 *	struct visit {
 *		struct storm_string url;
 *		int64_t status;
 *		double seconds;
 *	};
 *
 *	static const struct storm_mapping visit_mapping = STORM_MAPPING(struct visit,
 *		STORM_MEMBER(struct visit, url),
 *		STORM_MEMBER(struct visit, status),
 *		STORM_MEMBER(struct visit, seconds));
 *
 *	.outputs = STORM_OUTPUTS(STORM_STREAM_OF("default", visit_mapping)),
 *	.input = &visit_mapping,
 *
 * The compiler refuses a member of a type that no field can have. A class that says which mapping
 * its input has is checked when it starts: a field that a source lacks is an error then, not at the
 * first tuple.
 */
#ifndef CSTORM_MAPPING_H
#define CSTORM_MAPPING_H

#include <cstorm/tuple.h>
#include <cstorm/value.h>

/** The types that a mapped member can have. */
enum storm_member_type {
	STORM_MEMBER_BOOL,
	STORM_MEMBER_INT,
	STORM_MEMBER_LONG,
	STORM_MEMBER_LONG_LONG,
	STORM_MEMBER_FLOAT,
	STORM_MEMBER_DOUBLE,
	STORM_MEMBER_STRING, /* struct storm_string */
	STORM_MEMBER_BINARY, /* struct storm_binary */
	STORM_MEMBER_VALUE, /* struct storm_value: of any type, passed on as it came */
};

/** One member of a mapping. */
struct storm_member {
	const char *field;
	size_t offset;
	enum storm_member_type type;
	bool optional; /* a field that is null, or not there, leaves the member zero */
};

/** A mapping. Build it with STORM_MAPPING(). */
struct storm_mapping {
	const struct storm_member *members; /* field NULL after the last */
	size_t size; /* of the struct */
};

#define STORM_MEMBER_TYPE(member)                           \
	_Generic((member), bool                             \
		 : STORM_MEMBER_BOOL, int                   \
		 : STORM_MEMBER_INT, long                   \
		 : STORM_MEMBER_LONG, long long             \
		 : STORM_MEMBER_LONG_LONG, float            \
		 : STORM_MEMBER_FLOAT, double               \
		 : STORM_MEMBER_DOUBLE, struct storm_string \
		 : STORM_MEMBER_STRING, struct storm_binary \
		 : STORM_MEMBER_BINARY, struct storm_value  \
		 : STORM_MEMBER_VALUE)

#define STORM_MEMBER_NAMED(struct_type, member, field_name, is_optional)        \
	{                                                                       \
		.field = (field_name), .offset = offsetof(struct_type, member), \
		.type = STORM_MEMBER_TYPE(((const struct_type *)NULL)->member), \
		.optional = (is_optional)                                       \
	}

/** A member whose field has the same name. */
#define STORM_MEMBER(struct_type, member) STORM_MEMBER_NAMED(struct_type, member, #member, false)

/** The same, for a field that may be null or absent: the member is then zero. */
#define STORM_OPTIONAL_MEMBER(struct_type, member) \
	STORM_MEMBER_NAMED(struct_type, member, #member, true)

/** A member whose field has another name. */
#define STORM_MEMBER_AS(struct_type, member, field_name) \
	STORM_MEMBER_NAMED(struct_type, member, field_name, false)

#define STORM_MAPPING(struct_type, ...)                                                     \
	{                                                                                   \
		.members = (const struct storm_member[]){ __VA_ARGS__, { .field = NULL } }, \
		.size = sizeof(struct_type)                                                 \
	}

/**
 * Decode a tuple into a struct. What the struct's strings and binary members point to is borrowed:
 * valid as long as the tuple.
 *
 * @return 0, or what the getter of a member returns, with the member's field named
 */
STORM_API STORM_MUST_CHECK int storm_tuple_get_struct(
	const struct storm_tuple *tuple, const struct storm_mapping *mapping, void *record);

#endif
