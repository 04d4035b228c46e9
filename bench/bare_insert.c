/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: the floor under the witness: the same rows, the same statements, the
 * same transactions, from C, with nothing read, decoded, packed or checked.
 *
 * It is a shared object that finds SQLite in the library it is given, so that
 * both sides of the comparison run the same build. No header of SQLite is
 * needed.
 *
 * Input: u32 number of batches; per batch twice (records, index): u32 rows,
 * u32 columns, then per value u8 type (0 NULL, 1 integer, 2 text, 3 blob),
 * an i64 for an integer, or u32 length and bytes.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;

static int (*open_v2)(const char *, sqlite3 **, int, const char *);
static int (*exec)(sqlite3 *, const char *, void *, void *, char **);
static int (*prepare)(sqlite3 *, const char *, int, sqlite3_stmt **, const char **);
static int (*bind_null)(sqlite3_stmt *, int);
static int (*bind_int64)(sqlite3_stmt *, int, int64_t);
static int (*bind_text)(sqlite3_stmt *, int, const char *, int, void (*)(void *));
static int (*bind_blob)(sqlite3_stmt *, int, const void *, int, void (*)(void *));
static int (*step)(sqlite3_stmt *);
static int (*reset)(sqlite3_stmt *);
static int (*finalize)(sqlite3_stmt *);
static int (*close_v2)(sqlite3 *);
static const char *(*errmsg)(sqlite3 *);

static int find_sqlite(const char *library)
{
	void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);

	if (!handle)
		return -1;
#define FIND(name, symbol) do {						\
	*(void **)&(name) = dlsym(handle, symbol);			\
	if (!(name))							\
		return -1;						\
} while (0)
	FIND(open_v2, "sqlite3_open_v2");
	FIND(exec, "sqlite3_exec");
	FIND(prepare, "sqlite3_prepare_v2");
	FIND(bind_null, "sqlite3_bind_null");
	FIND(bind_int64, "sqlite3_bind_int64");
	FIND(bind_text, "sqlite3_bind_text");
	FIND(bind_blob, "sqlite3_bind_blob");
	FIND(step, "sqlite3_step");
	FIND(reset, "sqlite3_reset");
	FIND(finalize, "sqlite3_finalize");
	FIND(close_v2, "sqlite3_close_v2");
	FIND(errmsg, "sqlite3_errmsg");
#undef FIND
	return 0;
}

static uint32_t take_u32(const unsigned char **at)
{
	uint32_t value;

	memcpy(&value, *at, 4);
	*at += 4;
	return value;
}

static void bind_value(sqlite3_stmt *statement, int column, const unsigned char **at)
{
	unsigned char type = *(*at)++;
	int64_t number;
	uint32_t length;

	if (type == 0) {
		bind_null(statement, column);
	} else if (type == 1) {
		memcpy(&number, *at, 8);
		*at += 8;
		bind_int64(statement, column, number);
	} else {
		length = take_u32(at);
		if (type == 2)
			bind_text(statement, column, (const char *)*at, (int)length, NULL);
		else
			bind_blob(statement, column, *at, (int)length, NULL);
		*at += length;
	}
}

static int insert_rows(sqlite3_stmt *statement, const unsigned char **at)
{
	uint32_t rows = take_u32(at), columns = take_u32(at);

	while (rows--) {
		for (uint32_t column = 1; column <= columns; column++)
			bind_value(statement, (int)column, at);
		if (step(statement) != 101)	/* SQLITE_DONE */
			return -1;
		reset(statement);
	}
	return 0;
}

static double cpu_s(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double wall_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/**
 * bare_insert() - insert every batch of the input, each in its own transaction
 * @library: file of the library SQLite is in, loaded already
 * @path: a database with the schema
 * @pragmas: what the witness sets on its connection
 * @record_sql: statement for the rows of a batch
 * @index_sql: statement for the rows of its index
 * @input: the batches
 * @spent: CPU and wall seconds come here
 *
 * Return: 0, or -1 after printing what went wrong.
 */
int bare_insert(const char *library, const char *path, const char *pragmas, const char *record_sql,
		const char *index_sql, const unsigned char *input, double spent[2])
{
	sqlite3_stmt *record = NULL, *index = NULL;
	sqlite3 *database = NULL;
	uint32_t batches = take_u32(&input);
	double cpu, wall;

	if (find_sqlite(library))
		return -1;
	if (open_v2(path, &database, 2, NULL) || exec(database, pragmas, NULL, NULL, NULL) ||
	    prepare(database, record_sql, -1, &record, NULL) || prepare(database, index_sql, -1, &index, NULL))
		goto failed;
	cpu = cpu_s();
	wall = wall_s();
	while (batches--) {
		if (exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL) || insert_rows(record, &input) ||
		    insert_rows(index, &input) || exec(database, "COMMIT", NULL, NULL, NULL))
			goto failed;
	}
	spent[0] = cpu_s() - cpu;
	spent[1] = wall_s() - wall;
	finalize(record);
	finalize(index);
	close_v2(database);
	return 0;
failed:
	fprintf(stderr, "bare_insert: %s\n", database ? errmsg(database) : "no memory");
	return -1;
}
