namespace DmIoUring.CommandTests.Native;

/// <summary>Tests that compile programs against libdmio, one after the other.</summary>
[CollectionDefinition(nameof(NativeLibraryCollection))]
public sealed class NativeLibraryCollection;
