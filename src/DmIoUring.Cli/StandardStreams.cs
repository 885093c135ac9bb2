using DmIoUring.Interop;

namespace DmIoUring.Cli;

/// <summary>
/// The descriptors 0 to 2 as this process got them. One that was closed is taken by the next file that is opened: a report would be written
/// into a device. So what is closed is filled first, and never written to.
/// </summary>
internal static class StandardStreams
{
    private const int Output = 1;
    private const int Error = 2;
    private static readonly bool[] Closed = Claim();

    public static ReportWriter OpenOutput() => Open(Output, static () => Console.Out);

    public static ReportWriter OpenError() => Open(Error, static () => Console.Error);

    public static bool IsOutputRedirected => Closed[Output] || Console.IsOutputRedirected;

    public static bool IsErrorRedirected => Closed[Error] || Console.IsErrorRedirected;

    private static ReportWriter Open(int descriptor, Func<TextWriter> writer) =>
        Closed[descriptor] ? new ReportWriter(TextWriter.Null, "it is closed") : new ReportWriter(writer());

    private static bool[] Claim()
    {
        bool[] closed = new bool[Error + 1];
        for (int descriptor = 0; descriptor < closed.Length; descriptor++)
        {
            // What a process inherits has no FD_CLOEXEC; what has it was opened here since, by the runtime.
            int flags = Libc.Fcntl(descriptor, FileAbi.F_GETFD, 0);
            closed[descriptor] = flags < 0 || (flags & FileAbi.FD_CLOEXEC) != 0;

            // The kernel gives the lowest free number. It stays open until the process ends.
            if (flags < 0)
                _ = Libc.Eventfd(0, FileAbi.EFD_CLOEXEC);
        }

        return closed;
    }
}
