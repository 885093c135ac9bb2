namespace DmIoUring.KernelTests;

/// <summary>What a log entry is: drivers/md/dm-log-writes.c.</summary>
[Flags]
internal enum LogFlags
{
    None = 0,
    Flush = 1,
    Fua = 2,
    Discard = 4,
    Mark = 8,
    Metadata = 16,
}
