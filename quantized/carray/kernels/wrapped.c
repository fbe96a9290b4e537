/* The int32_t that an unsigned number wraps around to. */
static inline int32_t wrapped(uint32_t sum)
{
    return sum <= INT32_MAX ? (int32_t)sum : -(int32_t)(UINT32_MAX - sum) - 1;
}
