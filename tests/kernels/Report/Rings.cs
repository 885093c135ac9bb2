namespace DmIoUring.KernelReport;

internal static class Rings
{
    public const string IoUring = "io_uring";
    public const string Workers = "workers";

    /// <summary>Answers of a kernel that the tests made up, in front of the kernel's own.</summary>
    public const string Scripted = "scripted";

    /// <summary>The ring that a test's name tells; otherwise the default.</summary>
    public static string Of(string test, string byDefault)
    {
        if (test.Contains(": Worker", StringComparison.Ordinal))
            return Workers;
        return test.Contains(": Seeded", StringComparison.Ordinal) ? Scripted : byDefault;
    }
}
