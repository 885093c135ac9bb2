namespace DmIoUring.Memory;

/// <summary>Pages can't be had: not now, or never. Callers see an <see cref="InvalidOperationException"/>; one from C gets the errno.</summary>
/// <param name="errno">EAGAIN where the same may succeed later, EINVAL where it can't.</param>
/// <param name="message">Why.</param>
internal sealed class PageShortageException(int errno, string message) : InvalidOperationException(message)
{
    public int Errno => errno;
}
