namespace DmIoUring.Native.Handles;

/// <summary>Memory of C's own that it has registered.</summary>
internal sealed class NativeRegistration(MemoryRegistration registration) : IHandled
{
    public nint Handle { get; set; }

    public MemoryRegistration Registration => registration;
}
