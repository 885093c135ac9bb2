using System.Runtime.InteropServices;

namespace DmIoUring.Cli;

/// <summary>
/// Ctrl-C and SIGTERM ask for an orderly end; the second one ends the process at once, as if nobody listened. SIGXFSZ ends nothing: what
/// would make a file larger than the limit fails with EFBIG, and is reported.
/// </summary>
internal sealed class Interrupt : IDisposable
{
    /// <summary>SIGXFSZ, the same on x64 and Arm64 (asm-generic/signal.h).</summary>
    private const int FileSizeLimit = 25;

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private readonly PosixSignalRegistration _fileTooLarge;

    public Interrupt()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle);
        _fileTooLarge = PosixSignalRegistration.Create((PosixSignal)FileSizeLimit, static context => context.Cancel = true);
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _fileTooLarge.Dispose();
        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (_source.IsCancellationRequested)
            return;
        context.Cancel = true;
        _source.Cancel();
    }
}
