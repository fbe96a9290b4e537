#ifdef HELIUM
/* q + zero, within the grid, four times. */
static void put_four(uint8_t *y, int32x4_t q, const grid *g)
{
    q = vminq_s32(vmaxq_s32(q, vdupq_n_s32(g->low)), vdupq_n_s32(g->high));
    vstrbq_s32((int8_t *)y, vaddq_n_s32(q, g->zero));
}
#endif
