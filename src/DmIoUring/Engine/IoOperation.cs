namespace DmIoUring.Engine;

/// <summary>What a request does to its regions.</summary>
internal enum IoOperation : byte
{
    Read,
    Write,
}
