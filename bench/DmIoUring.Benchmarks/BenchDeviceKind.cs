namespace DmIoUring.Benchmarks;

public enum BenchDeviceKind
{
    LoopOnTmpfs,
    LoopOnDisk,
    Zram,
}
