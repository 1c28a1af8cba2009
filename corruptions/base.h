/* What every C file of the package begins with: Python's stable ABI, and arithmetic that is the same everywhere. */

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000 /* Python 3.11 */
#endif
#include <Python.h>

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Each operation in its own precision and rounded by itself: else the digits are others, and what Python does
 * without the extension serves. */
#if defined(__FAST_MATH__) || defined(_M_FP_FAST) || (defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0)
#error "the last bits would differ here; without the extension they are right"
#endif
#if defined(_MSC_VER)
#pragma fp_contract(off)
#elif defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif
