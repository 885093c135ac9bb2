namespace DmIoUring.Benchmarks;

public enum BufferKind
{
    Pointer,
    IoMemorySlice,
    ManagedMemory,
    FourVectors,
    PoolPages,
    MisalignedPointer,
}
