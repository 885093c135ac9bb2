namespace DmIoUring.Native.Errors;

/// <summary>A call that is refused: its errno and its text.</summary>
internal sealed class NativeException(int errno, string message) : Exception(message)
{
    public int Errno => errno;
}
