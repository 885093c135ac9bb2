using System.Text;

namespace DmIoUring.Cli;

/// <summary>
/// Standard output or standard error of a process: a reader that is gone, a full disk or a closed descriptor must not end the work
/// half-way. The first failure is kept for the end, and nothing more is written after it.
/// </summary>
/// <param name="inner">Where the text goes.</param>
/// <param name="failure">Why nothing can be written from the beginning on; <see langword="null"/> when it can.</param>
internal sealed class ReportWriter(TextWriter inner, string? failure = null) : TextWriter
{
    private readonly Lock _lock = new();

    public override Encoding Encoding => inner.Encoding;

    /// <summary>Why something could not be written; <see langword="null"/> while all could.</summary>
    public string? Failure { get; private set; } = failure;

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void WriteLine(string? value) => Write(value + NewLine);

    public override void Write(ReadOnlySpan<char> buffer)
    {
        lock (_lock)
        {
            if (Failure is not null)
                return;
            try
            {
                inner.Write(buffer);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                Note(exception);
            }
        }
    }

    public override void Flush()
    {
        lock (_lock)
        {
            if (Failure is not null)
                return;
            try
            {
                inner.Flush();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                Note(exception);
            }
        }
    }

    /// <summary>What .NET says of a descriptor that refuses is in the inner exception (EBADF becomes "access denied").</summary>
    private void Note(Exception exception) => Failure = exception.InnerException?.Message ?? exception.Message;
}
