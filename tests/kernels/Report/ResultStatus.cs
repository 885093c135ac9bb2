namespace DmIoUring.KernelReport;

internal enum ResultStatus
{
    Passed,
    Failed,

    /// <summary>It asks for what the kernel does not offer.</summary>
    Absent,
}
